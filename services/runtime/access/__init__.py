"""Who is calling and how often: partners, operators, devices; their credentials and their pace."""
