"use strict";
/* Draws the report from the JSON in the page. Numbers are written as they stand in the marts; nothing is computed but
   where a bar begins. Text of the user's goes into the page as text (textContent), never as HTML. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MINUS = "\u2212", UNKNOWN = "not known", KEYS = ["basis", "grain", "dimension", "segment", "rate", "bridge-period", "cohort-metric"];
  const CHANGE_OF = ["start", "value", "previous_value", "change", "previous_year_value", "change_year_over_year", "lower_95", "upper_95", "relative_change", "relative_year_over_year_change"];
  /* What every period of a family has, a partial one too. */
  const ANCHOR = { customers: "opening_customers", mrr: "opening_mrr", purchases: "purchasers" };
  const RATES = ["retention_rate", "customer_churn_rate", "gross_churn_rate", "net_churn_rate"];
  const state = {};
  const byId = (id) => document.getElementById(id);

  /* Elements */

  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }
  const fill = (id, ...children) => byId(id).replaceChildren(...children);
  const words = (name) => (name === null ? UNKNOWN : name.replaceAll("_", " "));

  /* Numbers: whole numbers of the smallest unit, with `scale` decimals; rounded half to even, as the command does it */

  function fixed(value, scale, decimals) {
    let whole = BigInt(value);
    const negative = whole < 0n;
    if (negative) whole = -whole;
    if (scale > decimals) {
      const unit = 10n ** BigInt(scale - decimals), rest = whole % unit;
      whole /= unit;
      if (2n * rest > unit || (2n * rest === unit && whole % 2n === 1n)) whole += 1n;
    } else whole *= 10n ** BigInt(decimals - scale);
    const digits = whole.toString().padStart(decimals + 1, "0");
    const units = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
    return (negative && whole !== 0n ? MINUS : "") + units + (decimals ? "." + digits.slice(-decimals) : "");
  }
  const percent = (value, scale = 6) => fixed(value, scale - 2, 1) + "%";
  function written(value, format, scale) {
    if (value === null || value === undefined) return UNKNOWN;
    return { percent: () => percent(value, scale), count: () => fixed(value, scale, 0) }[format]?.() ?? fixed(value, scale, 2);
  }
  const metricOf = (name) => data.metrics[name] || { label: data.glossary["mrr_by_period." + name], format: "money", scale: 2, nulls: null };
  const text = (name, value) => written(value, metricOf(name).format, metricOf(name).scale);
  const signed = (shown) => (shown.startsWith(MINUS) || shown === UNKNOWN ? shown : "+" + shown);
  /* A number for a chart, where it may be rounded. */
  const plain = (name, value) => (value === null || value === undefined ? null : Number(value) / 10 ** metricOf(name).scale);

  /* A figure in the page says what it is, so that it can be compared with the mart. */
  function figure(name, value, about, shown) {
    const metric = metricOf(name);
    const unknown = value === null || value === undefined;
    return el("span", {
      "data-metric": name, "data-column": about.column || "value", "data-basis": about.basis, "data-grain": about.grain, "data-start": about.start,
      "data-dimension": about.dimension, "data-segment": about.segment, class: unknown ? "unknown" : null, title: unknown ? metric.nulls : null,
    }, shown ?? text(name, value));
  }
  const defined = (name, label) => el("a", { class: "def", href: "#def-" + name }, label || metricOf(name).label);
  const term = (name, label) => el("a", { class: "def", href: "#def-" + name }, label || data.glossary[name]);

  /* What is selected */

  const periods = () => data.periods[state.grain] || [];
  const basisOf = (family) => ({ customers: state.basis, mrr: "subscriptions", purchases: "orders" })[family];
  const has = (family) => Object.keys(data.series[family]).length > 0;
  const seriesOf = (family, basis) => data.series[family][basis || basisOf(family)]?.[state.grain]?.[state.dimension]?.[state.segment];
  const about = (family, place, basis) => ({ basis: basis || basisOf(family), grain: state.grain, start: periods()[place][1], dimension: state.dimension, segment: state.segment });
  const isPartial = (place) => periods()[place][2] !== "complete";
  const label = (place) => periods()[place][0] + (isPartial(place) ? " (partial)" : "");
  function partialNote(how) {
    const last = periods().length - 1;
    return last >= 0 && isPartial(last) ? `${periods()[last][0]}, ${how}, is partial: data through ${data.as_of_date}.` : "";
  }
  /* Why a chart is empty. */
  const noneNote = (series, name) => (placesOf(series, name).length ? "" : `${metricOf(name).label} is ${UNKNOWN}: ${metricOf(name).nulls}`);
  const selected = () => (state.dimension === "all" ? "all customers" : `${words(state.dimension)}: ${state.segment}`);
  const placesOf = (series, name) => periods().map((_, place) => place).filter((place) => series[name][place] !== null && series[name][place] !== undefined);

  function why(family) {
    if (!has(family)) {
      return { customers: "No period is there yet.", mrr: "There is no recurring revenue: the data has no table of subscriptions.", purchases: "There are no purchases: the data has no table of orders." }[family];
    }
    if (state.dimension === "plan" && family !== "mrr") return "Not by plan: a customer can be on two, so plan is a segment of recurring revenue only.";
    if (family === "customers" && !data.series.customers[state.basis]?.[state.grain]) return `This rule of who is active has no periods of a ${state.grain}.`;
    return `Nothing of ${selected()} by ${state.grain}.`;
  }

  /* Charts */

  const charts = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const isPrinting = () => "printing" in document.documentElement.dataset;
  const isNarrow = () => window.innerWidth < 640 && !isPrinting();
  const HATCH = {
    new: null,
    again: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: "rgba(0,0,0,.35)" },
    loss: { symbol: "rect", dashArrayX: [[4, 4], [0, 4, 4, 0]], dashArrayY: [3, 0], color: "rgba(255,255,255,.55)" },
  };

  function draw(id, option, description, note) {
    const plot = byId(id);
    fill(id + "-note", note || "");
    let chart = charts.get(id);
    if (!chart) {
      chart = echarts.init(plot, null, { renderer: "svg" });
      charts.set(id, chart);
    }
    plot.setAttribute("aria-label", description);
    chart.resize({ width: isPrinting() ? Math.min(680, document.querySelector("main").clientWidth) : "auto" });
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("ink") },
      aria: { enabled: false },
      ...option,
    }, { notMerge: true });
    // At once, also while a page is printed; the box lets a printer make it as wide as the paper.
    chart.getZr().flush();
    plot.querySelector("svg").setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
  }
  function axes(format, names) {
    const soft = colour("soft");
    return {
      xAxis: { type: "category", data: names, axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false }, axisLabel: { color: soft, hideOverlap: true, fontSize: 11 } },
      yAxis: { type: "value", scale: format === "percent", axisLabel: { color: soft, fontSize: 11, formatter: (value) => axisText(value, format) }, splitLine: { lineStyle: { color: colour("faint") } } },
    };
  }
  function axisText(value, format) {
    if (format === "percent") return `${Math.round(value * 1000) / 10}%`.replace("-", MINUS);
    return value.toLocaleString("en-GB", { notation: Math.abs(value) >= 1e6 ? "compact" : "standard", maximumFractionDigits: 1 }).replace("-", MINUS);
  }
  function tooltip(lines) {
    return {
      trigger: "axis", renderMode: "html", confine: true, backgroundColor: colour("card"), borderColor: colour("line"), textStyle: { color: colour("ink") },
      formatter: (found) => {
        const place = Array.isArray(found) ? found[0].dataIndex : found.dataIndex;
        const tip = el("div", { class: "tip" });
        lines(place).forEach(([head, tail], row) => tip.append(el("div", null, row ? head : el("b", null, head), tail === undefined ? "" : ` ${tail}`)));
        return tip;
      },
    };
  }
  const legend = (names) => ({ data: names, top: 0, left: 0, itemWidth: 28, icon: undefined, textStyle: { color: colour("ink") }, selectedMode: false });
  const grid = (more) => ({ left: 8, right: isNarrow() ? 12 : 24, top: 36, bottom: 8, containLabel: true, outerBoundsMode: "same", ...more });
  const line = (name, values, style, more) => ({
    name, type: "line", data: values, symbol: style.symbol || "circle", symbolSize: values.length > 30 ? 4 : 6, showAllSymbol: true, connectNulls: false,
    lineStyle: { color: colour(style.colour), type: style.dash || "solid", width: 2 }, itemStyle: { color: colour(style.colour) }, ...more,
  });
  /* The interval as an area between two lines; its height is only drawn. */
  function band(lower, upper) {
    const hidden = { type: "line", symbol: "none", lineStyle: { opacity: 0 }, stack: "interval", silent: true, connectNulls: false, tooltip: { show: false } };
    return [
      { ...hidden, name: "lower", data: lower },
      { ...hidden, name: "95% interval", data: upper.map((value, place) => (value === null ? null : value - lower[place])), areaStyle: { color: colour("band"), opacity: 0.8 }, itemStyle: { color: colour("band") } },
    ];
  }

  /* Tables, the same figures as in the chart above them */

  function periodTable(id, family, names, basis) {
    const series = seriesOf(family, basis);
    const places = placesOf(series, ANCHOR[family]).reverse();
    const head = el("tr", null, el("th", { scope: "col" }, "Period"), ...names.map((name) => el("th", { scope: "col", class: "n" }, metricOf(name).nulls === undefined ? metricOf(name).label : data.metrics[name] ? defined(name) : term("mrr_by_period." + name))));
    const rows = places.map((place) => el("tr", { class: isPartial(place) ? "partial" : null },
      el("th", { scope: "row" }, label(place)),
      ...names.map((name) => el("td", { class: "n" }, figure(name, series[name]?.[place], about(family, place, basis))))));
    const nulls = names.filter((name) => data.metrics[name]?.nulls && places.some((place) => series[name]?.[place] === null));
    fill(id, el("table", null, el("thead", null, head), el("tbody", null, ...rows)), reasons(nulls));
  }
  function reasons(names) {
    return names.length ? el("p", { class: "note" }, ...names.flatMap((name, at) => [el("span", null, `${at ? " " : ""}${metricOf(name).label} is ${UNKNOWN}: ${metricOf(name).nulls}`)])) : "";
  }
  const describe = (family, name, kind) => {
    const series = seriesOf(family), places = placesOf(series, name);
    if (!places.length) return `${kind} of ${metricOf(name).label}: no value is known.`;
    const first = places[0], last = places[places.length - 1];
    return `${kind} of ${metricOf(name).label} by ${state.grain}, ${selected()}: ${text(name, series[name][first])} in ${label(first)}, ${text(name, series[name][last])} in ${label(last)}. The table below has every value.`;
  };
  /* Shows a block, or hides it with nothing of another selection left in it. */
  function show(block, there) {
    byId(block).hidden = !there;
    if (!there) byId(block).querySelectorAll(".scroll, p").forEach((found) => found.replaceChildren());
  }
  /* Shows a block of charts, or says why there is none. */
  function present(family, block, note) {
    const there = seriesOf(family) !== undefined;
    show(block, there);
    fill(note, there ? "" : why(family));
    return there;
  }

  /* Sections */

  function card(family, name, values) {
    const metric = metricOf(name), at = Object.fromEntries(CHANGE_OF.map((key, place) => [key, values?.[place] ?? null]));
    const place = periods().findIndex((period) => period[1] === at.start);
    const where = (column) => ({ basis: basisOf(family), grain: state.grain, start: at.start, dimension: state.dimension, segment: state.segment, column });
    const made = el("div", { class: "card" }, el("h3", null, defined(name)));
    const shown = text(name, at.value);
    const cents = metric.format === "money" && at.value !== null ? shown.lastIndexOf(".") : -1;
    const big = el("p", { class: at.value === null ? "big unknown" : "big" }, figure(name, at.value, where("value"), cents < 0 ? shown : shown.slice(0, cents)));
    if (cents >= 0) big.firstChild.append(el("small", null, shown.slice(cents)));
    made.append(big);
    if (at.value === null) {
      made.append(el("p", null, metric.nulls || "There is no value for this period."));
      return made;
    }
    if (at.lower_95 !== null) made.append(el("p", null, "95% interval ", figure(name, at.lower_95, where("lower_95")), " to ", figure(name, at.upper_95, where("upper_95"))));
    const before = periods()[place - 1]?.[0] || "the period before";
    if (at.change === null) made.append(el("p", null, "The period before has no value to compare with."));
    else made.append(el("p", { class: "change" }, ...change(name, at, "change", "relative_change", "previous_value", before, where)));
    if (at.change_year_over_year !== null) made.append(el("p", null, ...change(name, at, "change_year_over_year", "relative_year_over_year_change", "previous_year_value", "a year before", where)));
    return made;
  }
  /* The change of a figure against another period's, as the mart has it. */
  function change(name, at, column, relative, other, period, where) {
    const metric = metricOf(name), moved = BigInt(at[column]);
    const against = [" (", figure(name, at[other], where(other)), ")"];
    if (moved === 0n) return [`= as in ${period}`, ...against];
    const parts = [moved > 0n ? "\u25b2 " : "\u25bc "];
    if (metric.format === "percent") parts.push(figure(name, at[column], where(column), signed(fixed(at[column], metric.scale - 2, 1))), " points");
    else {
      parts.push(figure(name, at[column], where(column), signed(text(name, at[column]))));
      if (at[relative] !== null) parts.push(", ", figure(name, at[relative], where(relative), signed(percent(at[relative]))));
    }
    return [...parts, ` on ${period}`, ...against, (metric.direction === "up") === moved > 0n ? ": better" : ": worse"];
  }
  function headline() {
    for (const [family, of] of Object.entries(data.families)) {
      const id = "headline-" + family;
      const found = data.headline[basisOf(family)]?.[state.grain]?.[state.dimension]?.[state.segment];
      if (found) fill(id, ...of.headline.map((name) => card(family, name, found[name])));
      else fill(id, el("p", { class: "absent" }, seriesOf(family) ? "No period is complete yet." : why(family)));
    }
    const complete = periods().filter((period) => period[2] === "complete"), last = periods()[periods().length - 1];
    const parts = [];
    if (complete.length) parts.push(`The last complete ${state.grain} is ${complete[complete.length - 1][0]}. Shown: ${selected()}; active by: ${data.basis_names[state.basis] || "none"}.`);
    if (last && last[2] !== "complete") parts.push(`${last[0]} is partial (data through ${data.as_of_date}): it has counts, and no rates.`);
    const left = data.left_out[state.dimension];
    if (left) parts.push(`The ${data.slices[state.dimension].length} largest values of ${words(state.dimension)} can be chosen here; the marts have ${left} more.`);
    fill("selection", parts.join(" "));
  }

  function retention() {
    if (!present("customers", "retention-charts", "retention-note")) return;
    const series = seriesOf("customers"), name = state.rate, names = periods().map((_, place) => label(place)), format = metricOf(name).format;
    const values = series[name].map((value) => plain(name, value));
    const lower = series[name + "_lower_95"]?.map((value) => plain(name, value)), upper = series[name + "_upper_95"]?.map((value) => plain(name, value));
    draw("rate-chart", {
      ...axes(format, names), grid: grid(), legend: legend([metricOf(name).label, ...(lower ? ["95% interval"] : [])]),
      tooltip: tooltip((place) => [[names[place]], [metricOf(name).label, text(name, series[name][place])], ...(lower && lower[place] !== null ? [["95% interval", `${text(name, series[name + "_lower_95"][place])} to ${text(name, series[name + "_upper_95"][place])}`]] : [])]),
      series: [...(lower ? band(lower, upper) : []), line(metricOf(name).label, values, { colour: "main" }, { z: 3 })],
    }, describe("customers", name, "Line chart"), noneNote(series, name));
    periodTable("rate-chart-table", "customers", RATES);

    const moves = [["new_customers", "gain", HATCH.new, 1], ["reactivated_customers", "again", HATCH.again, 1], ["churned_customers", "loss", HATCH.loss, -1]];
    draw("movements-chart", {
      ...axes("count", names), grid: grid({ top: isNarrow() ? 60 : 36 }), legend: legend(moves.map(([move]) => metricOf(move).label)),
      tooltip: tooltip((place) => [[names[place]], ...["opening_customers", ...moves.map(([move]) => move), "closing_customers"].map((each) => [metricOf(each).label, text(each, series[each][place])])]),
      series: moves.map(([move, tone, decal, sign]) => ({
        name: metricOf(move).label, type: "bar", stack: "moves", barMaxWidth: 28, itemStyle: { color: colour(tone), decal },
        data: series[move].map((value, place) => ({ value: value === null ? null : sign * plain(move, value), itemStyle: isPartial(place) ? { opacity: 0.55, borderColor: colour("ink"), borderType: "dashed", borderWidth: 1 } : {} })),
      })),
    }, describe("customers", "churned_customers", "Bar chart of customers who came, above the line, and left, below it"), partialNote("paler and with a dashed edge"));
    periodTable("movements-chart-table", "customers", ["opening_customers", "new_customers", "reactivated_customers", "churned_customers", "closing_customers"]);

    const bases = data.bases.filter((basis) => seriesOf("customers", basis));
    byId("bases-chart").closest("figure").hidden = bases.length < 2;
    if (bases.length < 2) return;
    const styles = [{ colour: "main" }, { colour: "second", dash: "dashed", symbol: "rect" }, { colour: "third", dash: "dotted", symbol: "triangle" }];
    const rate = "retention_rate";
    draw("bases-chart", {
      ...axes("percent", names), grid: grid({ top: isNarrow() ? 60 : 36 }), legend: legend(bases.map((basis) => data.basis_names[basis])),
      tooltip: tooltip((place) => [[names[place]], ...bases.map((basis) => [data.basis_names[basis], text(rate, seriesOf("customers", basis)[rate][place])])]),
      series: bases.map((basis, at) => line(data.basis_names[basis], seriesOf("customers", basis)[rate].map((value) => plain(rate, value)), styles[at % 3])),
    }, `Line chart of ${metricOf(rate).label} by ${state.grain}, one line for each rule of who is active. The table below has every value.`);
    const places = periods().map((_, place) => place).filter((place) => bases.some((basis) => (seriesOf("customers", basis).opening_customers[place] ?? null) !== null)).reverse();
    fill("bases-chart-table", el("table", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "Period"), ...bases.map((basis) => el("th", { scope: "col", class: "n" }, data.basis_names[basis])))),
      el("tbody", null, ...places.map((place) => el("tr", { class: isPartial(place) ? "partial" : null }, el("th", { scope: "row" }, label(place)),
        ...bases.map((basis) => el("td", { class: "n" }, figure(rate, seriesOf("customers", basis)[rate][place], about("customers", place, basis)))))))), reasons([rate]));
  }

  const BRIDGE = [["opening_mrr", 0], ["new_mrr", 1], ["reactivation_mrr", 1], ["expansion_mrr", 1], ["contraction_mrr", -1], ["churn_mrr", -1], ["transferred_mrr", 1], ["closing_mrr", 0]];
  function revenue() {
    if (!present("mrr", "mrr-charts", "mrr-note")) return;
    const series = seriesOf("mrr"), places = placesOf(series, "opening_mrr").reverse();
    options("bridge-period", places.map((place) => [periods()[place][1], label(place)]), periods()[places.find((place) => !isPartial(place)) ?? places[0]][1]);
    bridge(series, places.find((place) => periods()[place][1] === state["bridge-period"]));
    const names = periods().map((_, place) => label(place));
    draw("mrr-chart", {
      ...axes("money", names), grid: grid(), legend: legend([metricOf("closing_mrr").label]),
      tooltip: tooltip((place) => [[names[place]], ...["opening_mrr", "closing_mrr", "arpa"].map((name) => [metricOf(name).label, text(name, series[name][place])])]),
      series: [line(metricOf("closing_mrr").label, series.closing_mrr.map((value, place) => (isPartial(place) ? { value: plain("closing_mrr", value), symbol: "emptyCircle", symbolSize: 9 } : plain("closing_mrr", value))), { colour: "main" })],
    }, describe("mrr", "closing_mrr", "Line chart"), partialNote("the hollow point"));
    periodTable("mrr-chart-table", "mrr", ["opening_mrr", "closing_mrr", "arpa"]);
    const rates = ["nrr", "grr"];
    draw("revenue-chart", {
      ...axes("percent", names), grid: grid({ top: isNarrow() ? 60 : 36 }), legend: legend(rates.map((name) => metricOf(name).label)),
      tooltip: tooltip((place) => [[names[place]], ...rates.map((name) => [metricOf(name).label, text(name, series[name][place])])]),
      series: [line(metricOf("nrr").label, series.nrr.map((value) => plain("nrr", value)), { colour: "main" }), line(metricOf("grr").label, series.grr.map((value) => plain("grr", value)), { colour: "second", dash: "dashed", symbol: "rect" })],
    }, `${describe("mrr", "nrr", "Line chart")} Dashed: ${metricOf("grr").label}.`, noneNote(series, "nrr"));
    periodTable("revenue-chart-table", "mrr", rates);
  }
  function bridge(series, place) {
    const steps = BRIDGE.filter(([name]) => name !== "transferred_mrr" || state.dimension === "plan");
    let level = 0;
    const base = [], bars = [];
    for (const [name, sign] of steps) {
      const amount = plain(name, series[name][place]) ?? 0, from = sign ? level : 0, to = sign ? level + sign * amount : amount;
      base.push(Math.min(from, to));
      const falls = to < from;
      bars.push({ value: Math.abs(to - from), label: { position: "top" }, itemStyle: sign === 0 ? { color: colour("soft") } : falls ? { color: colour("loss"), decal: HATCH.loss } : { color: colour("gain"), decal: HATCH.again } });
      level = to;
    }
    const short = (name) => metricOf(name).label.replace(/ MRR$/, "");
    const sideways = isNarrow();
    const shown = (at) => (steps[at][1] > 0 ? signed(text(steps[at][0], series[steps[at][0]][place])) : (steps[at][1] < 0 && BigInt(series[steps[at][0]][place] ?? 0) !== 0n ? MINUS : "") + text(steps[at][0], series[steps[at][0]][place]));
    const made = axes("money", steps.map(([name]) => short(name)));
    // Movements are small beside what they move: then the axis begins further up, and the page says so.
    const levels = steps.map((_, at) => base[at] + (steps[at][1] ? 0 : bars[at].value)).filter((value) => value !== 0), tops = steps.map((_, at) => base[at] + bars[at].value);
    const low = Math.min(...levels), range = Math.max(...tops) - low, digit = 10 ** Math.floor(Math.log10(range || 1));
    const begin = range > 0 && low > 4 * range ? Math.floor((low - range) / digit) * digit : 0;
    made.yAxis.min = begin;
    made.xAxis.axisLabel = { ...made.xAxis.axisLabel, interval: 0, hideOverlap: false };
    if (sideways) Object.assign(made, { xAxis: { ...made.yAxis, axisLabel: { show: false }, max: (found) => begin + (found.max - begin) * 1.35 }, yAxis: { ...made.xAxis, inverse: true } });
    draw("bridge-chart", {
      ...made, grid: grid({ top: 16 }),
      tooltip: tooltip((at) => [[metricOf(steps[at][0]).label], [label(place), shown(at)]]),
      series: [
        { type: "bar", stack: "bridge", data: base, itemStyle: { color: "transparent" }, silent: true, tooltip: { show: false } },
        { type: "bar", stack: "bridge", barMaxWidth: 64, data: bars.map((bar) => ({ ...bar, label: { position: sideways ? "right" : "top" } })), label: { show: true, color: colour("ink"), fontSize: 11, formatter: (at) => shown(at.dataIndex) } },
      ],
    }, `Bridge of MRR in ${label(place)}, ${selected()}: ${steps.map(([name], at) => `${short(name)} ${shown(at)}`).join(", ")}.`, begin ? `The axis begins at ${axisText(begin, "money")}, so that the movements can be seen.` : "");
    fill("bridge-chart-table", el("table", null, el("thead", null, el("tr", null, el("th", { scope: "col" }, label(place)), el("th", { scope: "col", class: "n" }, data.currency))),
      el("tbody", null, ...steps.map(([name]) => el("tr", null, el("th", { scope: "row" }, data.metrics[name] ? defined(name) : term("mrr_by_period." + name)), el("td", { class: "n" }, figure(name, series[name][place], about("mrr", place))))))));
  }

  function cohorts() {
    const there = Object.keys(data.cohorts).filter((name) => data.cohorts[name][state.basis]?.[state.dimension]?.[state.segment]);
    options("cohort-metric", there.map((name) => [name, metricOf(name).label]), there[0]);
    byId("cohort-metric").closest("label").hidden = !there.length;
    if (!there.length) {
      fill("cohorts-note", state.dimension === "plan" ? why("customers") : `There are no cohorts of ${selected()} yet.`);
      fill("cohorts");
      return;
    }
    const name = state["cohort-metric"], of = data.cohorts[name][state.basis][state.dimension][state.segment], money = name === "mrr_retention_rate";
    fill("cohorts-note", defined(name), `, in percent, of the ${Object.keys(of).length} newest cohorts whose first ${data.cohort_grain} is over, by ${data.cohort_grain}s since. A stronger shade is a higher rate; what is not over yet is empty.`);
    const months = Math.max(...Object.values(of).map((cohort) => cohort.values.length));
    const at = (cohort, since) => ({ "data-cohort": cohort, "data-since": since, "data-cohort-metric": name });
    const rows = Object.entries(of).map(([cohort, { size, values }]) => el("tr", null, el("th", { scope: "row" }, cohort),
      el("td", { ...at(cohort, "size") }, money ? fixed(size, 2, 2) : fixed(size, 0, 0)),
      ...Array.from({ length: months }, (_, since) => cell(since < values.length ? values[since] : undefined, at(cohort, since)))));
    fill("cohorts", el("table", { id: "cohort-table" }, el("thead", null, el("tr", null, el("th", { scope: "col" }, "Cohort"), el("th", { scope: "col" }, term("cohort_retention.cohort_size", money ? "MRR" : "Size")),
      ...Array.from({ length: months }, (_, since) => el("th", { scope: "col" }, String(since))))), el("tbody", null, ...rows)));
  }
  function cell(value, tags) {
    if (value === undefined) return el("td", null);
    if (value === null) return el("td", { ...tags, class: "unknown", title: UNKNOWN }, "n/k");
    const depth = Math.max(0, Math.min(1, Number(value) / 1e6));
    const made = el("td", { ...tags, class: "cell" }, fixed(value, 4, 1));
    // Never so deep that the number on it is hard to read.
    made.style.setProperty("--depth", (0.04 + 0.58 * depth).toFixed(2));
    return made;
  }

  function repeat() {
    if (!present("purchases", "repeat-charts", "repeat-note")) return;
    fill("repeat-note", "All orders, whatever the rule of who is active.");
    const series = seriesOf("purchases"), names = periods().map((_, place) => label(place)), main = "repeat_purchase_rate", second = "returning_purchaser_rate";
    const lower = series[main + "_lower_95"]?.map((value) => plain(main, value)), upper = series[main + "_upper_95"]?.map((value) => plain(main, value));
    draw("repeat-chart", {
      ...axes("percent", names), grid: grid({ top: isNarrow() ? 60 : 36 }), legend: legend([metricOf(main).label, ...(lower ? ["95% interval"] : []), metricOf(second).label]),
      tooltip: tooltip((place) => [[names[place]], ...[main, second, "purchasers", "orders", "average_order_value"].map((name) => [metricOf(name).label, text(name, series[name][place])])]),
      series: [...(lower ? band(lower, upper) : []), line(metricOf(main).label, series[main].map((value) => plain(main, value)), { colour: "main" }, { z: 3 }), line(metricOf(second).label, series[second].map((value) => plain(second, value)), { colour: "second", dash: "dashed", symbol: "rect" })],
    }, describe("purchases", main, "Line chart"), noneNote(series, main));
    periodTable("repeat-chart-table", "purchases", ["purchasers", "first_time_purchasers", "returning_purchasers", "orders", main, second, "average_order_value", "net_revenue"]);
    windows();
  }
  function windows() {
    const rows = data.windows[state.dimension]?.[state.segment] || [], days = [...new Set(rows.map((row) => row[1]))].sort((one, other) => one - other);
    const cohorts = [...new Set(rows.map((row) => row[0]))];
    const body = cohorts.map((cohort) => {
      const of = rows.filter((row) => row[0] === cohort);
      return el("tr", null, el("th", { scope: "row" }, cohort), el("td", { class: "n" }, fixed(of[0][2], 0, 0)), ...days.map((window) => {
        const [, , , observed, , rate] = of.find((row) => row[1] === window) || [];
        if (rate === undefined || (rate === null && !observed)) return el("td", { class: "n" });
        return el("td", { class: "n" }, el("span", { "data-window": window, "data-window-cohort": cohort }, text("window_repeat_rate", rate)), observed < of[0][2] ? ` of ${fixed(observed, 0, 0)}` : "");
      }));
    });
    fill("windows", rows.length ? el("table", null, el("caption", null, defined("window_repeat_rate"), ". Only customers for whom the window has passed are counted: ", term("repeat_purchase_by_cohort.observed_customers"), " are all, or as many as are named. Empty: not observed yet."),
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "Cohort"), el("th", { scope: "col", class: "n" }, term("cohort_retention.cohort_size")), ...days.map((window) => el("th", { scope: "col", class: "n" }, `${window} days`)))), el("tbody", null, ...body)) : el("p", { class: "absent" }, "There are no cohorts yet."));
    const gaps = data.gaps[state.dimension]?.[state.segment];
    fill("gaps", ...(gaps && gaps[2] !== null ? [term("time_between_purchases.median_days"), ": ", ...gaps.slice(1).flatMap((value, at) => [at ? ", " : "", el("span", { "data-gap": at }, fixed(value, 0, 0))]), ` days (lower quartile, median, upper quartile of ${fixed(gaps[0], 0, 0)} gaps).`] : ["No customer has bought twice, so the days between purchases are not known."]));
  }

  function left() {
    const of = data.left[state.basis]?.[state.grain], plan = state.dimension === "plan";
    const found = of?.slices[state.dimension]?.[state.segment];
    show("left-charts", !plan && Boolean(found));
    if (plan || !of) fill("left-note", plan ? why("customers") : "No period is complete yet.");
    else if (!found) fill("left-note", `Nobody of ${selected()} left in ${of.period}.`);
    else fill("left-note", term("churned_customers.customer_id"), ` in ${of.period}, the last complete ${state.grain}: ${selected()}.`);
    if (plan || !found) return;
    const named = ([type, reason]) => (reason === null ? (type === "voluntary" ? "voluntary, reason not known" : words(type)) : `${words(type)}: ${words(reason)}`);
    const rows = found.reasons, height = 28 * rows.length + 40;
    byId("left-chart").style.height = height + "px";
    const made = axes("count", rows.map(named));
    draw("left-chart", {
      xAxis: { ...made.yAxis, minInterval: 1, max: (range) => Math.ceil(range.max * 1.12) }, yAxis: { ...made.xAxis, inverse: true, axisLabel: { color: colour("ink"), fontSize: 12 } }, grid: grid({ top: 8 }),
      tooltip: tooltip((at) => [[named(rows[at])], ["Customers", fixed(rows[at][2], 0, 0)], ["Last MRR", written(rows[at][3], "money", 2)]]),
      series: [{ name: "Customers", type: "bar", barMaxWidth: 18, data: rows.map((row) => row[2]), itemStyle: { color: colour("loss"), decal: HATCH.loss }, label: { show: true, position: "right", color: colour("ink"), formatter: (at) => fixed(rows[at.dataIndex][2], 0, 0) } }],
    }, `Bar chart of customers who left in ${of.period}: ${rows.map((row) => `${named(row)} ${fixed(row[2], 0, 0)}`).join(", ")}.`);
    const columns = (first) => el("thead", null, el("tr", null, ...first, el("th", { scope: "col", class: "n" }, "Customers"), el("th", { scope: "col", class: "n" }, term("churned_customers.last_mrr"))));
    const money = (value) => el("td", { class: value === null ? "n unknown" : "n" }, written(value, "money", 2));
    fill("left-chart-table", el("table", { id: "reasons" }, columns([el("th", { scope: "col" }, term("churned_customers.churn_type")), el("th", { scope: "col" }, term("churned_customers.cancel_reason"))]),
      el("tbody", null, ...rows.map((row) => el("tr", null, el("th", { scope: "row" }, words(row[0])), el("td", null, words(row[1])), el("td", { class: "n" }, fixed(row[2], 0, 0)), money(row[3]))))));
    fill("tenure", el("table", { id: "tenures" }, columns([el("th", { scope: "col" }, term("churned_customers.tenure_band"))]),
      el("tbody", null, ...found.tenure.map((row) => el("tr", null, el("th", { scope: "row" }, words(row[0])), el("td", { class: "n" }, fixed(row[1], 0, 0)), money(row[2]))))));
    fill("largest", of.largest.length ? el("table", { id: "losses" }, el("caption", null, `The ${of.largest.length} largest of ${of.period}, of all segments; churned_customers has them all.`),
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "Customer"), el("th", { scope: "col" }, "Left on"), el("th", { scope: "col" }, term("churned_customers.churn_type", "Why")), el("th", { scope: "col" }, term("churned_customers.tenure_band")), el("th", { scope: "col", class: "n" }, term("churned_customers.last_mrr")), el("th", { scope: "col", class: "n" }, term("churned_customers.net_revenue_to_date")))),
      el("tbody", null, ...of.largest.map(([customer, type, reason, tenure, mrr, revenueToDate, day]) => el("tr", null, el("th", { scope: "row" }, customer), el("td", null, day), el("td", null, named([type, reason])), el("td", null, words(tenure)), money(mrr), money(revenueToDate))))) : el("p", { class: "absent" }, "This page was written without names of customers."));
  }

  /* Selectors: what is chosen stands in the address, so that a view can be passed on */

  function options(id, pairs, fallback) {
    const select = byId(id);
    if (!pairs.some(([value]) => value === state[id])) state[id] = fallback;
    select.replaceChildren(...pairs.map(([value, shown]) => el("option", { value, selected: value === state[id] }, shown)));
    select.value = state[id] ?? "";
    select.disabled = pairs.length < 2;
  }
  function selectors() {
    options("basis", data.bases.map((basis) => [basis, data.basis_names[basis]]), data.basis);
    options("grain", data.grains.map((grain) => [grain, grain]), data.grains.includes("month") ? "month" : data.grains[0]);
    options("dimension", Object.keys(data.slices).map((name) => [name, name === "all" ? "all customers" : words(name)]), "all");
    const values = data.slices[state.dimension] || ["all"];
    options("segment", values.map((value) => [value, value]), values[0]);
    options("rate", RATES.map((name) => [name, metricOf(name).label]), RATES[0]);
  }
  function remember() {
    const kept = new URLSearchParams(KEYS.filter((key) => state[key]).map((key) => [key, state[key]]));
    history.replaceState(null, "", "#" + kept);
  }
  function render() {
    selectors();
    headline();
    retention();
    revenue();
    cohorts();
    repeat();
    left();
  }
  /* The definition of a figure: a dialog in place; the link leads to the same words for who prints or has no script. */
  function define(link) {
    const article = byId(decodeURIComponent(link.getAttribute("href").slice(1)));
    if (!article) return;
    const copy = [...article.cloneNode(true).childNodes];
    copy.find((node) => node.nodeName === "H3").id = "definition-title";
    fill("definition-body", ...copy);
    byId("definition").showModal();
  }
  function theme(printing) {
    if (printing) document.documentElement.dataset.printing = "";
    else delete document.documentElement.dataset.printing;
    render();
  }

  for (const key of KEYS) {
    byId(key).addEventListener("change", (event) => {
      state[key] = event.target.value;
      render();
      remember();
    });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.def");
    if (link) {
      event.preventDefault();
      define(link);
    } else if (event.target === byId("definition")) byId("definition").close();
    else if (event.target.closest('a[href="#policy"]')) byId("policy").open = true;
  });
  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => isPrinting() || render(), 120);
  });
  window.addEventListener("beforeprint", () => theme(true));
  window.addEventListener("afterprint", () => theme(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) if (KEYS.includes(key)) state[key] = value;
  render();
  document.documentElement.dataset.drawn = "";
})();
