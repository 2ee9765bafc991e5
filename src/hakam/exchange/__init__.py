"""Exchange between platforms: partners, what is given to them and taken from them, and how far their word goes."""
