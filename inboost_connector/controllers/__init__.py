from . import health, inboost_privacy, inboost_webhook
