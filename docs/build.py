"""Puts the source of the site into a folder: `python docs/build.py FOLDER`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "docs")  # used for nothing, and nothing is made for it

import django

django.setup()

from config import reference

if __name__ == "__main__":
    reference.write_site(Path(sys.argv[1]))
