"""Pictures of every page and dialog of the console and the portal, for people to look at.

    python -m tests.support.pictures FOLDER                       everything, on a stack of its own
    python -m tests.support.pictures FOLDER --only mailings       pages whose name holds that
    python -m tests.support.pictures FOLDER --looks ru-dark-390   one of the eight looks; may be repeated

stage.py   messages, mailings, stops and letters to look at
walk.py    from page to page, and into what buttons open
look.py    language, colours and width; the picture, and what is wrong with the page by rules.js and axe
sheet.py   pictures side by side
"""
