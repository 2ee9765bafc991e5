"""The CyberTipline's interface: what is written, and how it is sent."""
