"""The desk: pages in a browser on which people grade."""
