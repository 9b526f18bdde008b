"""The images: their steps, and how they are tried without Docker.

deploy/Dockerfile ───────┐                                     ┌─▶ services: schemas, services, the console, `rpns`
                         ├─ base, packages, console, wheel .sh ┤
deploy/image/rootfs.sh ──┘                                     └─▶ sandbox: deploy/sandbox
"""
