"""A year of statements for the EU Transparency Database: built, checked, sent, and none twice."""
