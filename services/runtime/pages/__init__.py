"""What a browser gets of a service: files of the page of the APIs, the operators' console, the headers of every answer.

asset.py   the answer with a file      console.py   which are at /console/      dist/   the console, where it is built
headers.py   what a browser may do with any answer
"""
