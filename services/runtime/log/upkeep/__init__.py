"""Upkeep of the log, for operators: topics as they are against topics as they are wanted; groups and what waits.

wanted_topics   what this release and these settings ask for
planned         what differs in the cluster, each with what may be done about it     applied   make what is safe
read_groups     who holds which partition, how much waits for it, and since when
GroupReading    up to which moment a group has read a topic
GroupOffsets    where a topic ends and how far a group is, asked often
    read_letters    what was put aside
"""

from services.runtime.log.upkeep.group_offsets import GroupOffsets as GroupOffsets
from services.runtime.log.upkeep.groups import Group as Group
from services.runtime.log.upkeep.groups import Member as Member
from services.runtime.log.upkeep.groups import TopicLag as TopicLag
from services.runtime.log.upkeep.groups import read_groups as read_groups
from services.runtime.log.upkeep.letters import Letter as Letter
from services.runtime.log.upkeep.letters import read_letter as read_letter
from services.runtime.log.upkeep.letters import read_letters as read_letters
from services.runtime.log.upkeep.letters import spans_of_letters as spans_of_letters
from services.runtime.log.upkeep.plan import Change as Change
from services.runtime.log.upkeep.plan import Found as Found
from services.runtime.log.upkeep.plan import changes as changes
from services.runtime.log.upkeep.reading import GroupReading as GroupReading
from services.runtime.log.upkeep.reading import Reading as Reading
from services.runtime.log.upkeep.reading import ask_cluster as ask_cluster
from services.runtime.log.upkeep.topics import applied as applied
from services.runtime.log.upkeep.topics import planned as planned
from services.runtime.log.upkeep.topics import read_topics as read_topics
from services.runtime.log.upkeep.wanted import Wanted as Wanted
from services.runtime.log.upkeep.wanted import every_topic as every_topic
from services.runtime.log.upkeep.wanted import wanted_topics as wanted_topics
