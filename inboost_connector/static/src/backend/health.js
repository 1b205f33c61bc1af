import {Component, onWillStart, onWillUnmount, useState} from "@odoo/owl";
import {deserializeDateTime, formatDateTime} from "@web/core/l10n/dates";
import {HealthChart} from "./health_chart";
import {Layout} from "@web/search/layout";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

const EVERY = 30_000;
const ICONS = {
    success: "fa-check-circle",
    info: "fa-info-circle",
    warning: "fa-exclamation-triangle",
    danger: "fa-times-circle",
};

/**
 * The app's first screen: how each portal is, in a sentence, and what mends it.
 */
export class Health extends Component {
    static template = "inboost_connector.Health";
    static components = {HealthChart, Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.icons = ICONS;
        this.state = useState({report: null, busy: false});
        onWillStart(() => this.load());
        const timer = setInterval(() => this.refresh(), EVERY);
        onWillUnmount(() => clearInterval(timer));
    }

    get display() {
        return {controlPanel: {}};
    }

    async load() {
        this.state.report = await this.orm.call("inboost.health", "get_report", []);
    }

    async refresh() {
        if (document.hidden || this.state.busy) {
            return;
        }
        try {
            await this.orm.silent
                .call("inboost.health", "get_report", [])
                .then((report) => (this.state.report = report));
        } catch (error) {
            // The server is away for a moment; the next turn tries again.
            console.warn(error);
        }
    }

    async mend(backend, trouble, remedy) {
        this.state.busy = true;
        try {
            const action = await this.orm.call("inboost.health.remedy", "mend", [
                backend.id,
                remedy.name,
                trouble.endpoint_id,
            ]);
            if (action) {
                await this.action.doAction(action);
            }
            if (!action || action.type === "ir.actions.client") {
                await this.load();
            }
        } finally {
            this.state.busy = false;
        }
    }

    open(backend, figure) {
        const context = {search_default_backend_id: backend.id};
        if (figure.filter) {
            context[`search_default_${figure.filter}`] = 1;
        }
        return this.action.doAction(figure.action, {additionalContext: context});
    }

    openBackend(backend) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "inboost.backend",
            res_id: backend.id,
            views: [[false, "form"]],
        });
    }

    download(backend) {
        return this.action.doAction({
            type: "ir.actions.act_url",
            url: `/inboost/support/${backend.id}`,
            target: "download",
        });
    }

    /** "5 minutes ago"; a dash where there is no moment. */
    ago(moment) {
        return moment ? deserializeDateTime(moment).toRelative() : "–";
    }

    exactly(moment) {
        const options = {showSeconds: false};
        return moment ? formatDateTime(deserializeDateTime(moment), options) : "";
    }

    since(moment) {
        return _t("Since %s (%s)", this.exactly(moment), this.ago(moment));
    }
}

registry.category("actions").add("inboost_health", Health);
