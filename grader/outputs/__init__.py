"""A grade sheet for people and machines: pages, JUnit XML, summary, policy, JSON schema."""
