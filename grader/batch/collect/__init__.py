"""From a folder of submissions, as it was downloaded, to one submission per student."""
