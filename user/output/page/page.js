// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Draws the plots of a pricelag report. Everything it draws is also in the page's tables.
"use strict";
(() => {
	const data = JSON.parse(document.getElementById("data").textContent);
	const live = []; // plots on the page: {rebuild(), resize()}
	const linked = []; // uPlots over time: zoomed together
	const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const series_colour = i => colour("--s" + i % 8);
	const dash = i => [undefined, [8, 4], [2, 3], [10, 3, 2, 3]][Math.floor(i / 8) % 4];

	// ---- text ----
	const units = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9]];
	const unit_of = magnitude => units.findLast(u => magnitude >= u[1] * 0.9995) || units[0];

	function duration(ns) {
		if (ns == null)
			return "–";
		const [name, size] = unit_of(Math.abs(ns)), value = ns / size;
		return (size == 1 ? String(Math.round(value)) : value.toPrecision(Math.abs(value) >= 999.5 ? 4 : 3)) + " " + name;
	}

	// Ticks of a linear axis: as many decimals as the step needs.
	function duration_ticks(ticks, step) {
		const [name, size] = unit_of(Math.max(...ticks.map(Math.abs)));
		let decimals = 0;
		for (let s = step / size; decimals < 6 && Math.abs(s - Math.round(s)) > 1e-6 * s; s *= 10)
			decimals++; // a step of 2.5 µs needs one as well
		return ticks.map(v => (v / size).toFixed(decimals) + " " + name);
	}

	function share(f) {
		if (f == null)
			return "–";
		const percent = 100 * f, rest = Math.min(percent, 100 - percent);
		return percent.toFixed(rest > 0 && rest < 1 ? Math.min(4, Math.ceil(-Math.log10(rest)) + 1) : 1) + " %";
	}

	function utc(s) {
		if (s == null)
			return "–";
		const whole = Math.floor(s), us = Math.round((s - whole) * 1e6);
		return new Date((whole + Math.floor(us / 1e6)) * 1e3).toISOString().slice(11, 19) + "." + String(us % 1e6).padStart(6, "0") + " UTC";
	}

	const plain = v => v == null ? "–" : String(+v.toPrecision(4));

	// ---- page parts ----
	function element(tag, className, text, parent) {
		const e = document.createElement(tag);
		if (className)
			e.className = className;
		if (text != null)
			e.textContent = text;
		if (parent)
			parent.append(e);
		return e;
	}

	function button(bar, text, title, action) {
		const b = element("button", "", text, bar);
		b.type = "button";
		b.title = title;
		b.addEventListener("click", action);
		return b;
	}

	function toggle(bar, state, key, text, title, rebuild) {
		const b = button(bar, text, title, () => {
			state[key] = !state[key];
			b.setAttribute("aria-pressed", state[key]);
			rebuild();
		});
		b.setAttribute("aria-pressed", state[key]);
	}

	// ---- scales and axes ----
	function positive_range(columns) {
		let low = Infinity, high = 0, below = 0;
		for (const column of columns)
			for (const v of column) {
				if (v == null)
					continue;
				if (v <= 0)
					below++;
				else {
					low = Math.min(low, v);
					high = Math.max(high, v);
				}
			}
		return {low, high, below};
	}

	// Labels on the 1 2 3 5 7 of each decade, or on fewer: as many as fit.
	function log_filter(u, ticks, axis) {
		const {scale, side} = u.axes[axis], {min, max} = u.scales[scale];
		const [length, room] = side % 2 ? [u.height, 18] : [u.width, 64];
		const position = v => Math.log(v / min) / Math.log(max / min) * length;
		const first = v => Math.round(v / 10 ** Math.floor(Math.log10(v) + 1e-9));

		for (const keep of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
			const kept = ticks.filter(v => keep.includes(first(v)));
			if (keep.length == 1 || kept.every((v, i) => !i || position(v) - position(kept[i - 1]) >= room))
				return ticks.map(v => kept.includes(v) ? v : null);
		}
	}

	// A log scale that reaches to the next 1, 2 or 5 and not to the next power of ten: narrow distributions stay wide.
	function log_range(u, low, high) {
		if (low == null || !(low > 0))
			return [1, 1e3];
		const step = (v, down) => {
			const decade = 10 ** Math.floor(Math.log10(v) + (down ? 1e-9 : -1e-9)), stops = [1, 2, 5, 10];
			return decade * (down ? stops.findLast(s => s * decade <= v * (1 + 1e-9)) || 1 : stops.find(s => s * decade >= v * (1 - 1e-9)) || 10);
		};
		const a = step(low, true), b = step(high, false);
		return a < b ? [a, b] : [a / 2, b * 2];
	}

	// Hours, minutes and as much of the seconds as the step between ticks needs; UTC, 24 hours.
	function time_ticks(u, ticks, i, space, step) {
		const decimals = step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step) - 1e-9));
		return ticks.map(v => utc(v).slice(0, step >= 60 ? 5 : decimals ? 9 + decimals : 8));
	}

	function axis(options) {
		return Object.assign({
			stroke: () => colour("--soft"),
			grid: {stroke: () => colour("--grid"), width: 1},
			ticks: {stroke: () => colour("--line"), width: 1},
			font: "12px system-ui, sans-serif",
			labelFont: "12px system-ui, sans-serif",
			labelSize: 18,
		}, options);
	}

	// Lines only where there are labels.
	const log_ticks = () => ({stroke: () => colour("--line"), width: 1, filter: log_filter});
	const log_grid = () => ({stroke: () => colour("--grid"), width: 1, filter: log_filter});

	function duration_axis(log, options) {
		return axis(Object.assign(log ? {
			filter: log_filter, grid: log_grid(), ticks: log_ticks(),
			values: (u, ticks) => ticks.map(v => v == null ? "" : duration(v).replace(/\.0+ /, " ").replace(/(\.\d*?)0+ /, "$1 ")),
		} : {
			values: (u, ticks, i, space, step) => duration_ticks(ticks, step),
		}, options));
	}

	// ---- zoom by keys and buttons ----
	function zoom(u, factor, shift) {
		const {min, max, distr} = u.scales.x, log = distr == 3;
		const to = log ? Math.log : v => v, from = log ? Math.exp : v => v;
		const a = to(min), b = to(max), left = u.cursor.left;
		const centre = left >= 0 ? to(u.posToVal(left, "x")) : (a + b) / 2;
		u.setScale("x", {
			min: from(centre - (centre - a) * factor + shift * (b - a)),
			max: from(centre + (b - centre) * factor + shift * (b - a)),
		});
	}

	function reset(u) {
		const x = u.data[0];
		u.setScale("x", {min: x[0], max: x[x.length - 1]});
	}

	function move_cursor(u, by) {
		const x = u.data[0];
		let i = u.cursor.idx;
		if (i == null)
			i = u.valToIdx((u.scales.x.min + u.scales.x.max) / 2);
		i = Math.max(0, Math.min(x.length - 1, i + by));
		u.setCursor({left: u.valToPos(x[i], "x"), top: u.over.clientHeight / 2});
	}

	function on_key(event, u) {
		const step = event.ctrlKey ? 25 : 1;
		if (event.altKey || event.metaKey)
			return;
		if (event.key == "ArrowLeft")
			event.shiftKey ? zoom(u, 1, -0.2) : move_cursor(u, -step);
		else if (event.key == "ArrowRight")
			event.shiftKey ? zoom(u, 1, 0.2) : move_cursor(u, step);
		else if (event.key == "+" || event.key == "=")
			zoom(u, 0.5, 0);
		else if (event.key == "-")
			zoom(u, 2, 0);
		else if (event.key == "0" || event.key == "Home")
			reset(u);
		else if (event.key == "Escape")
			u.setCursor({left: -10, top: -10});
		else
			return;
		event.preventDefault();
	}

	// ---- a plot: tool bar, canvas, note ----
	// describe(state) gives {options, data, note}; it is asked again whenever a switch or the colours change.
	function plot(figure, spec, state, describe, switches) {
		const bar = element("div", "bar", null, figure);
		const canvas = element("div", "canvas", null, figure);
		const note = element("p", "note", null, figure);
		let u = null, wide = 0;

		const width = () => Math.max(240, canvas.clientWidth);
		const height = () => width() < 520 ? 260 : 340;

		function rebuild() {
			const kept = u && u.scales.x.distr != 3 && spec.kind == "time" ? {min: u.scales.x.min, max: u.scales.x.max} : null;
			const d = describe(state);
			if (u) {
				linked.splice(linked.indexOf(u) >>> 0, 1);
				u.destroy();
			}
			wide = width();
			u = new uPlot(Object.assign({
				width: wide, height: height(), legend: {markers: {width: 0, fill: (u, i) => u.series[i].stroke(u, i)}},
			}, d.options), d.data, canvas);
			if (spec.kind == "time") {
				linked.push(u);
				if (kept && kept.min != null)
					u.setScale("x", kept);
			}
			note.textContent = d.note || "";
			note.hidden = !d.note;
		}

		switches(bar, rebuild);
		element("span", "grow", null, bar);
		button(bar, "+", "zoom in (key +)", () => zoom(u, 0.5, 0)).setAttribute("aria-label", "zoom in");
		button(bar, "−", "zoom out (key -)", () => zoom(u, 2, 0)).setAttribute("aria-label", "zoom out");
		button(bar, "all", "whole range (key 0)", () => reset(u)).setAttribute("aria-label", "show the whole range");
		canvas.tabIndex = 0;
		canvas.setAttribute("role", "group");
		canvas.setAttribute("aria-label", spec.title + ": plot. Arrow keys move the cursor, plus and minus zoom, 0 shows all. The table after it has the figures.");
		canvas.addEventListener("keydown", event => on_key(event, u));
		rebuild();
		live.push({
			rebuild,
			resize() {
				if (width() != wide) {
					wide = width();
					u.setSize({width: wide, height: height()});
				}
			},
		});
	}

	// The nearest defined value at or before the cursor: series have their own x values.
	const step_back = (u, s, i) => {
		const values = u.data[s];
		while (i > 0 && values[i] == null)
			i--;
		return i;
	};

	// ---- distributions ----
	function cdf(figure, spec) {
		const all = spec.series.map(s => s.x), reach = positive_range(all);
		const state = {log: reach.high > 4 * reach.low && reach.below == 0, tail: false};

		plot(figure, spec, state, () => {
			const tables = spec.series.map(s => {
				const x = [], y = [];
				s.x.forEach((v, i) => {
					const f = state.tail ? 1 - s.f[i] : s.f[i];
					if ((state.log && v <= 0) || (state.tail && f <= 0))
						return;
					x.push(v);
					y.push(f);
				});
				return [x, y];
			});
			const joined = tables.length > 1 ? uPlot.join(tables) : tables[0];
			const hidden = state.log && reach.below ? `${reach.below} points at or below zero are not on a logarithmic axis.` : "";
			return {
				data: joined,
				note: [hidden, spec.note].filter(Boolean).join(" "),
				options: {
					cursor: {dataIdx: step_back, drag: {x: true, y: false}, focus: {prox: 24}},
					focus: {alpha: 0.35},
					scales: {
						x: {time: false, distr: state.log ? 3 : 1, range: state.log ? log_range : undefined},
						y: state.tail ? {distr: 3, range: (u, low) => [10 ** Math.floor(Math.log10(low > 0 ? low : 1e-3) + 1e-9), 1]}
							: {range: [-0.01, 1.01]},
					},
					axes: [
						duration_axis(state.log, {label: spec.title, space: 60, size: 32}),
						axis({
							label: state.tail ? "share that takes longer" : "share that is through",
							size: 62,
							...(state.tail ? {filter: log_filter, grid: log_grid(), ticks: log_ticks()} : {}),
							values: (u, ticks) => ticks.map(v => v == null ? "" : +(100 * v).toPrecision(6) + " %"),
						}),
					],
					series: [{label: spec.title, value: (u, v) => duration(v)}].concat(spec.series.map((s, i) => ({
						label: s.name, show: i < 12, stroke: () => series_colour(i), dash: dash(i), width: 2, spanGaps: true,
						paths: uPlot.paths.stepped({align: 1}), points: {show: false}, value: (u, v) => share(v),
					}))),
				},
			};
		}, (bar, rebuild) => {
			toggle(bar, state, "log", "log time", "logarithmic time axis", rebuild);
			toggle(bar, state, "tail", "tail", "share that takes longer, logarithmic: shows p99.9 and beyond", rebuild);
		});
	}

	// ---- anything over time ----
	function over_time(figure, spec) {
		const state = {set: 0, log: true};

		spec.sets.forEach(set => {
			const reach = positive_range(set.series.map(s => s.y));
			set.below = reach.below;
			set.log = reach.low < Infinity && reach.high > 4 * reach.low && reach.below == 0;
		});
		state.log = spec.sets[0].log;

		plot(figure, spec, state, () => {
			const set = spec.sets[state.set], x = set.t.map(us => data.start_s + us / 1e6);
			const columns = set.series.map(s => state.log ? s.y.map(v => v > 0 ? v : null) : s.y);
			return {
				data: [x].concat(columns),
				note: [state.log && set.below ? `${set.below} values at or below zero are not on a logarithmic axis.` : "", set.note].filter(Boolean).join(" "),
				options: {
					tzDate: s => uPlot.tzDate(new Date(s * 1e3), "Etc/UTC"),
					cursor: {
						drag: {x: true, y: false},
						sync: {key: "time", scales: ["x", null], filters: {pub: type => type != "mousedown" && type != "mouseup"}},
					},
					scales: {
						x: {time: true, range: (u, low, high) => low == null ? [data.start_s, data.start_s + 1] : low == high ? [low - 0.5, high + 0.5] : [low, high]},
						y: {distr: state.log ? 3 : 1, range: state.log ? log_range : (u, low, high) => low == null ? [0, 1] : uPlot.rangeNum(Math.min(0, low), high, 0.08, low >= 0)},
					},
					axes: [
						axis({label: "UTC, from " + new Date(data.start_s * 1e3).toISOString().slice(0, 10), size: 34, space: 70, values: time_ticks}),
						duration_axis(state.log, {label: spec.title, size: 74}),
					],
					series: [{label: "time", value: (u, v) => utc(v)}].concat(set.series.map((s, i) => ({
						label: s.name, stroke: () => series_colour(i), width: 1.5, spanGaps: false,
						paths: spec.lines ? undefined : () => null,
						points: {show: !spec.lines || x.length < 50, size: x.length > 1000 ? 4 : 6, width: 1, fill: () => series_colour(i)},
						value: (u, v) => duration(v),
					}))),
					hooks: {
						setScale: [(u, key) => {
							if (key != "x")
								return;
							for (const other of linked) {
								const {min, max} = u.scales.x, o = other.scales.x;
								if (other != u && (o.min != min || o.max != max))
									other.setScale("x", {min, max});
							}
						}],
					},
				},
			};
		}, (bar, rebuild) => {
			if (spec.sets.length > 1) {
				const select = element("select", "", null, bar);
				select.setAttribute("aria-label", "what to show");
				spec.sets.forEach((set, i) => element("option", "", set.name, select).value = i);
				select.addEventListener("change", () => {
					state.set = +select.value;
					rebuild();
				});
			}
			toggle(bar, state, "log", "log", "logarithmic axis", rebuild);
		});
	}

	// ---- a quantity against another ----
	function curve(figure, spec) {
		const state = {log: false};

		plot(figure, spec, state, () => ({
			data: [spec.x].concat(spec.series.map(s => state.log ? s.y.map(v => v > 0 ? v : null) : s.y)),
			note: spec.note,
			options: {
				scales: {x: {time: false}, y: {distr: state.log ? 3 : 1}},
				axes: [
					duration_axis(false, {label: spec.x_title, size: 32}),
					axis({label: spec.title, size: 74, ...(state.log ? {filter: log_filter, grid: log_grid(), ticks: log_ticks()} : {}), values: (u, ticks) => ticks.map(v => v == null ? "" : plain(v))}),
				],
				series: [{label: spec.x_title, value: (u, v) => duration(v)}].concat(spec.series.map((s, i) => ({
					label: s.name, stroke: () => series_colour(s.colour ?? i), width: s.edge ? 1 : 2, dash: s.edge ? [4, 4] : dash(i), value: (u, v) => plain(v),
				}))),
			},
		}), (bar, rebuild) => toggle(bar, state, "log", "log", "logarithmic axis", rebuild));
	}

	const kinds = {cdf, time: over_time, curve};
	for (const figure of document.querySelectorAll("[data-plot]")) {
		const spec = data.plots[figure.dataset.plot];
		kinds[spec.kind](figure, spec);
	}

	// ---- size, colours, paper ----
	new ResizeObserver(() => live.forEach(p => p.resize())).observe(document.body);
	const rebuild_all = () => live.forEach(p => p.rebuild());
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild_all);
	addEventListener("beforeprint", () => {
		document.documentElement.classList.add("light");
		document.body.style.width = "680px"; // about the paper's width: canvases do not shrink by themselves
		rebuild_all();
	});
	addEventListener("afterprint", () => {
		document.documentElement.classList.remove("light");
		document.body.style.width = "";
		rebuild_all();
	});
})();
