"""The documentation as a site with search, English and Russian, that loads nothing from anywhere else.

    docs/*.md, README.md …   ─▶ staging/en ─┐
    docs/ru/*.md             ─▶ staging/ru ─┴─▶ mkdocs, strict ─▶ dist/site

links.py      where a link of a page in the repository leads within the site
pages.py      the pages, their translations, and whether a translation is behind
staging.py    the pages as mkdocs reads them, and the build
languages.py  the search and the map of each language alone
search.py     puts search.js, which asks the theme's search for what was meant, before it
serving.py    the site at an address of this machine
site.css      what the theme leaves to us
mkdocs.yml    what the site looks like, and its menu
"""
