"""The room of child protection: reports to NCMEC and the NCA, from a case to the receiver's number."""
