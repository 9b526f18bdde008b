"""Dispatch talks to the providers. It has no API.

provider.py   what a provider is to dispatch: read it first      providers/   a folder each: its sender and its table
policy/       what follows from an answer; pure                  payload/     what a push carries, made to fit
delivery/     the work on one push, from record to outcome       broadcast/   Apple's broadcast channels
http2/        the client for APNs                                resources.py   what all of them share
"""
