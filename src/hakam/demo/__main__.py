"""`python -m hakam.demo`: Maydan's server as a child of the supervisor."""

from hakam.demo.server import serve
from hakam.wiring.processes import watch_lifeline
from hakam.wiring.settings import settings

if __name__ == "__main__":
    watch_lifeline()
    serve(settings())
