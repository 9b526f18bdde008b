"""The platform. A folder here is a process; a file here is shared by all of them.

ingest     is this request acceptable?              partner ─▶ message-requested
registry   who has which device?                    SDK ─▶ device-events, receipts
router     who gets it, when, over what?            message-requested ─▶ target-resolved
dispatch   talk to the providers                    target-resolved ─▶ provider-dispatched
status     what has become of it?                   all of these ─▶ messages, reports to the partner
"""
