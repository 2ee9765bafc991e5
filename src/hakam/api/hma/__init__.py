"""The interface in the shape of Meta's Hasher-Matcher-Actioner (HMA), over the banks of known content."""
