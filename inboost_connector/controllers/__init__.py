from . import inboost_privacy, inboost_webhook
