"""The platform. A folder here is a process, but for `runtime/`, which all of them stand on.

ingest     is this request acceptable?              partner ─▶ message-requested
registry   who has which device?                    SDK ─▶ device-events, receipts
router     who gets it, when, over what?            message-requested ─▶ target-resolved
dispatch   has the provider taken it?               target-resolved ─▶ provider-dispatched
status     what has become of it?                   all of these ─▶ messages, reports to the partner
"""
