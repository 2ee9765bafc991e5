"""The words that every room uses: frozen values, no behaviour that touches the world."""
