"""Understory: raw customer behaviour in; cited stories, honest numbers and grounded strategies out.

Start reading at `app/pipeline.py`: it is the whole flow in one file. `app/bootstrap.py` chooses the parts.
Folders are listed in the order data flows through them in README.md, and imports only point upstream.
"""
