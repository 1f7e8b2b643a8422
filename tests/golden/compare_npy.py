#!/usr/bin/env python3
"""Two .npy tensors are equal within a part of the first one's largest value: compare_npy.py WANTED HAD [TOLERANCE]."""
import sys

import numpy

wanted, had = numpy.load(sys.argv[1]), numpy.load(sys.argv[2])
tolerance = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-4
if wanted.shape != had.shape:
    sys.exit(f"shapes {wanted.shape} and {had.shape} differ")
apart = float(numpy.abs(wanted - had).max() / numpy.abs(wanted).max())
print(f"{sys.argv[2]}: apart by {apart:.2e} of the maximum, {tolerance:.0e} allowed")
sys.exit(0 if apart <= tolerance else 1)
