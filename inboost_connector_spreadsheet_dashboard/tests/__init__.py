from . import test_inboost_dashboard
