import sys, requests

session = requests.Session()
for url in sys.stdin:
    session.get(url.strip())
