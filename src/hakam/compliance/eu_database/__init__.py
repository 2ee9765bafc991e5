"""The EU Transparency Database (DSA Art. 24(5)): what goes there, without personal data, once."""
