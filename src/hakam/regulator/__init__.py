"""The regulator desk: profiles, requests under other laws, contact points, risks, checklists, the evidence pack."""
