"""Rules of texts that more than one service needs: phones, links, parts of an SMS, spreadsheets."""
