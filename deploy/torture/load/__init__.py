"""A known load through the gateway: what a partner sends, what its customers' phones do, what its receiver is told.

plan.py       which messages, to whom, of a seed           pure
customers.py  the partner, its applications, the phones
sending.py    sends each until it is accepted: singles, cascades, schedules, repeats, packets
history.py    asks what became of each
mailing.py    one mailing
receiver.py   the partner's receiver of reports
book.py       what they have seen: an account of each message, and a journal of everything
"""

from deploy.torture.load.book import Book
from deploy.torture.load.customers import Customers, enrolled, provisioned
from deploy.torture.load.history import HISTORY, read_history, write_history
from deploy.torture.load.mailing import send_mailing
from deploy.torture.load.plan import Customer, Kind, Planned, customers_of, messages_of
from deploy.torture.load.receiver import Receiver
from deploy.torture.load.sending import Partner

__all__ = [
    "HISTORY",
    "Book",
    "Customer",
    "Customers",
    "Kind",
    "Partner",
    "Planned",
    "Receiver",
    "customers_of",
    "enrolled",
    "messages_of",
    "provisioned",
    "read_history",
    "send_mailing",
    "write_history",
]
