/* global Chart */
import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {getColor, getCustomColor} from "@web/core/colors/colors";
import {cookie} from "@web/core/browser/cookie";
import {deserializeDate, deserializeDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {loadBundle} from "@web/core/assets";

const SCHEME = cookie.get("color_scheme");

/** Requests of the last days by operation, or how long they took. */
export class HealthChart extends Component {
    static template = "inboost_connector.HealthChart";
    static props = {kind: String, charts: Object};

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = this.canvas.el && new Chart(this.canvas.el, this.config);
                return () => chart?.destroy();
            },
            () => [this.props.charts]
        );
    }

    get title() {
        return this.props.kind === "latency"
            ? _t("Seconds until the answer, by the hour")
            : _t("Requests of the last 7 days");
    }

    get empty() {
        const {latency, operations} = this.props.charts;
        return !(this.props.kind === "latency" ? latency : operations).length;
    }

    get config() {
        return this.props.kind === "latency" ? this.latency : this.operations;
    }

    get operations() {
        const {days, operations} = this.props.charts;
        return this.prepare("bar", true, {
            labels: days.map((day) => deserializeDate(day).toFormat("ccc d")),
            datasets: operations.map(({title, counts}, index) => ({
                label: title,
                data: counts,
                backgroundColor: getColor(index, SCHEME, operations.length),
                maxBarThickness: 40,
            })),
        });
    }

    get latency() {
        const {latency} = this.props.charts;
        const line = (label, name, color) => ({
            label,
            data: latency.map((hour) => hour[name]),
            borderColor: color,
            backgroundColor: color,
            borderWidth: 2,
            pointRadius: latency.length > 1 ? 0 : 3,
        });
        return this.prepare("line", false, {
            labels: latency.map(({hour}) =>
                deserializeDateTime(hour).toFormat("ccc HH:mm")
            ),
            datasets: [
                line(_t("95 of 100"), "p95", getColor(3, SCHEME, "odoo")),
                line(_t("Half of them"), "median", getColor(1, SCHEME, "odoo")),
            ],
        });
    }

    prepare(type, stacked, data) {
        const color = getCustomColor(SCHEME, "#111827", "#E4E4E4");
        const grid = {color: getCustomColor(SCHEME, "#d8dadd", "#3C3E4B")};
        const ticks = {color, maxRotation: 0, autoSkipPadding: 16};
        return {
            type,
            data,
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: {mode: "index", intersect: false},
                plugins: {
                    legend: {position: "bottom", labels: {color, boxWidth: 12}},
                },
                scales: {
                    x: {stacked, ticks, grid: {display: false}},
                    y: {stacked, ticks, grid, beginAtZero: true},
                },
            },
        };
    }
}
