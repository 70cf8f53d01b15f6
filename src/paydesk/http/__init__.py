"""The ASGI application: reads a request, asks the desk, writes a response."""
