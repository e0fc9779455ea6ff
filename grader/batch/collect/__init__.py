"""From a folder of hand-ins, as it was downloaded, to one hand-in per student."""
