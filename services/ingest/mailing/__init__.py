"""`/v1/mailings`: lists, forecast, start, progress, pause, cancel."""
