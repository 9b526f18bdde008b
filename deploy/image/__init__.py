"""The images: their steps, and how they are tried without Docker.

deploy/Dockerfile ───────┐                            ┌─▶ services: schemas, services, `rpns`
                         ├─ base, packages, wheel .sh ┤
deploy/image/rootfs.sh ──┘                            └─▶ sandbox: deploy/sandbox
"""
