"""The channel platform of the sandbox."""

from deploy.sandbox.provider import Provider

PROVIDER = Provider(
    "channels",
    parts=("channels",),
    switches={
        "channels.duplicates": ("same", "refused"),  # refused: an id that was posted before is error 10
    },
)
