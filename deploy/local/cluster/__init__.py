"""The local stack on secured servers: the same processes, reached as a bank's are.

    Kafka      TLS, a user for each service, access lists of the least that it needs      kafka.py, access_lists.py
    MongoDB    a replica set with TLS and users                                            mongo.py
    way out    a forward proxy with a login, for providers and receivers                    proxy.py

Passwords are drawn once for a data folder and kept there for its owner only.
"""

from deploy.local.cluster.kafka import OPERATOR
from deploy.local.cluster.secured import SecuredServers

__all__ = ["OPERATOR", "SecuredServers"]
