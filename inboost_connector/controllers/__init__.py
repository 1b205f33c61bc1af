from . import inboost_privacy
