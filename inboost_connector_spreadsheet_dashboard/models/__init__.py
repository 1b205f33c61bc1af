from . import inboost_event_report
