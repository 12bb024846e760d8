"""The ops console: NiceGUI pages on the same ASGI app."""
