"""Problems 2 and 4: predictions, attacks and features, recomputed from their images."""
