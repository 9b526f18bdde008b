"""The providers, and the platforms that the SDK is built for. Pure."""

from enum import StrEnum


class Provider(StrEnum):
    """Who carries a push; each is a lane of its own. The channel platform carries all channels but PUSH."""

    APNS = "apns"
    FCM = "fcm"
    HMS = "hms"
    RUSTORE = "rustore"
    WEB = "web"
    CHANNEL_PLATFORM = "channel"


class Platform(StrEnum):
    """The build of the SDK."""

    IOS = "ios"
    ANDROID = "android"
    HUAWEI = "huawei"
    RUSTORE = "rustore"
    WEB = "web"
