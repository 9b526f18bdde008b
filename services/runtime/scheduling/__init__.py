"""Timers, stops and the windows of schedules."""
