"""Tools of the maintainers: sample submissions, the notebooks of an offering, calibration."""
