"""The EU Transparency Database: its HTTP interface and the pace at which statements go there."""
