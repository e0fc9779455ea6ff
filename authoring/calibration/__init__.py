"""How far right answers lie from the truth, and how far wrong ones: what tolerances rest on.

Each quantity that the checks compare is computed in many right ways (by loops, vectorised, by FFT,
by torch; in float32 and float64; in other memory layouts, thread counts and devices) and compared
with a float64 run of the reference on the same inputs. The greatest error seen over many seeds,
times one safety factor, is the tolerance (`grader.checks.tolerance`). Thresholds that part right
answers from wrong ones have both sides measured.

`python -m authoring.calibration` measures and prints; with `--write` it renews `measured.toml`.
`python -m authoring.calibration.real` does so on a real ImageNet network and photographs, which an
optional extra brings (`measured_real.toml`).
"""
