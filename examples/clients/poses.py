#!/usr/bin/env python3
"""Sends a picture to `poise serve` and prints where the people are: poses.py PICTURE [ADDRESS]."""
import json
import sys
import urllib.request

address = sys.argv[2] if len(sys.argv) > 2 else "http://localhost:8080"
with open(sys.argv[1], "rb") as picture:
    request = urllib.request.Request(address + "/v1/poses", data=picture.read(), headers={"Content-Type": "image/jpeg"})
for person in json.load(urllib.request.urlopen(request))["persons"]:
    print(f"person {person['id']}: score {person['score']:.2f}, box {[round(side) for side in person['box']]}")
