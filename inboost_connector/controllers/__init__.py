from . import health, inboost_privacy
