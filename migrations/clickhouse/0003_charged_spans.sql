-- Which model calls are charged, where calls stand above calls: the rule of libs/traces/src/charged-spans.ts, whose comment says it in
-- words. A test compares the two span by span. For dashboards and totals; decisions go by the function.
--
-- The spans of a trace become arrays: filters by organization and by trace reach the primary key through GROUP BY and through the join
-- below, and ancestors are found at any depth. A trace in which no aggregate reports usage and no leaf has a child is the common case, is
-- seen before anything else is worked out, and has no row here: its leaves are charged.
--
-- Measured on 6.9 million spans of three organizations, 15 to a trace, on two cores; v_model_calls of one organization with 3 million:
--   NOT IN over the leaves and aggregates of the whole table, as before:  0.65 s for an hour, 0.70 s for a day, 0.95 s for all
--   this:                                                                 0.10 s,             0.19 s,           0.49 s
-- What lost, on 60,000 traces whose aggregates report usage:
--   WITH RECURSIVE from each call to its parent: 1.2 s against 0.3 s for all, the same 1.2 s against 0.04 s for an hour, and more than a
--   minute beside another organization's chain of 10,000 spans. Every level reads the spans anew.
--   Ancestors as pairs, folded to a fixed depth: as fast, but it asked for 22 GB for a chain of 5,000 spans.
--   A row for each span, joined by its id: twice as long for an hour. The join is then not turned around, and works out the trees of the
--   whole organization instead of those of the spans that are asked for.
CREATE VIEW v_trace_charges {on_cluster} AS
WITH
traces AS
(
  -- Of each span: its id, its parent's id (none for a span that is its own), whether it is a leaf, reports usage, has a known cost.
  SELECT organization_id, trace_id,
         groupArray((
           spans.span_id,
           if(spans.parent_span_id = spans.span_id, toFixedString('', 8), spans.parent_span_id),
           charge = 'leaf',
           charge != 'none' AND (cost_usd IS NOT NULL OR cost_unknown_reason != 'no_usage'),
           cost_usd IS NOT NULL)) AS tree
  FROM spans FINAL
  GROUP BY organization_id, trace_id
  HAVING count() <= 4096
     AND (countIf(charge = 'aggregate' AND (cost_usd IS NOT NULL OR cost_unknown_reason != 'no_usage')) > 0
          OR hasAny(arrayFilter((id, is_leaf) -> is_leaf, tree.1, tree.3), tree.2))
  -- A lambda copies the arrays that it looks into for each of its elements, and does so for a block of traces at once: hence both
  -- bounds. The worst that is left, a chain of 4,096 spans, takes 0.5 GB. Of a trace with more, the leaves are charged.
  SETTINGS max_block_size = 1024
),
parents AS
(
  -- Spans that have children, and how deep they are: each round doubles how far up is looked. After the last one nothing is left to be
  -- found above, except for spans of a ring and those below it.
  SELECT organization_id, trace_id, tree.1 AS ids, tree.2 AS parent_ids, tree.3 AS are_leaves, tree.4 AS are_reporting, tree.5 AS are_known,
         arrayIntersect(ids, parent_ids) AS parents_here,
         arrayFilter(span -> has(parents_here, span.1), tree) AS inner_spans,
         arrayMap(id -> toUInt32(indexOf(inner_spans.1, id)), inner_spans.2) AS nearest,
         arrayFold(
           (up, round) -> (
             arrayMap(far -> (up.1)[far], up.1),
             arrayMap((far, depth) -> toUInt32(depth + (up.2)[far]), up.1, up.2)),
           range(toUInt8(ceil(log2(length(inner_spans) + 1)))),
           (nearest, arrayMap(far -> toUInt32(far != 0), nearest))) AS up
  FROM traces
),
nodes AS
(
  -- The same without rings: whose parent is in one has none. From here on a node is its number, 0 for none.
  SELECT organization_id, trace_id, ids, are_leaves, are_reporting, are_known,
         arrayFilter((id, far) -> far = 0, inner_spans.1, up.1) AS node_ids,
         arrayMap(id -> toUInt32(indexOf(node_ids, id)), arrayFilter((id, far) -> far = 0, inner_spans.2, up.1)) AS node_parents,
         arrayMax(arrayFilter((depth, far) -> far = 0, up.2, up.1)) AS height,
         arrayMap(id -> toUInt32(indexOf(node_ids, id)), ids) AS own_nodes,
         arrayMap(id -> toUInt32(indexOf(node_ids, id)), parent_ids) AS parent_nodes
  FROM parents
),
below AS
(
  -- What is below each node: (node, is there a leaf with a price, is there a leaf or a known cost), once each. The first are those of its
  -- own children; each level takes what the last one found to the node above.
  SELECT organization_id, trace_id, ids, are_leaves, are_reporting, are_known, own_nodes, parent_nodes, node_parents,
         arrayFold(
           (climb, level) -> (
             arrayDistinct(arrayConcat(
               climb.1,
               arrayFilter(
                 found -> found.1 != 0,
                 arrayMap(found -> ((climb.3)[found.1], found.2, found.3), arraySlice(climb.1, climb.2 + 1))))),
             length(climb.1),
             climb.3),
           range(height),
           (
             arrayDistinct(arrayMap(
               call -> (call.1, call.2 AND call.4, call.2 OR call.4),
               arrayFilter(span -> span.1 != 0 AND (span.2 OR span.3), arrayZip(parent_nodes, are_leaves, are_reporting, are_known)))),
             toUInt64(0),
             node_parents
           )).1 AS calls_below
  FROM nodes
),
standing AS
(
  SELECT organization_id, trace_id, ids, own_nodes, parent_nodes, node_parents,
         arrayDistinct(calls_below.1) AS over_call,
         arrayDistinct(arrayMap(found -> found.1, arrayFilter(found -> found.2, calls_below))) AS over_priced_leaf,
         arrayDistinct(arrayMap(found -> found.1, arrayFilter(found -> found.3, calls_below))) AS over_leaf_or_known,
         arrayMap(
           (node, is_leaf, is_reporting, is_known) ->
             (is_leaf AND NOT has(over_call, node)) OR (is_reporting AND NOT has(if(is_known, over_priced_leaf, over_leaf_or_known), node)),
           own_nodes, are_leaves, are_reporting, are_known) AS are_standing
  FROM below
),
covered AS
(
  -- Nodes that stand, or are below one that does, again by doubling.
  SELECT organization_id, trace_id, ids, parent_nodes, are_standing,
         arrayFilter((node, stands) -> stands, own_nodes, are_standing) AS standing_nodes,
         arrayFold(
           (up, round) -> (
             arrayMap(far -> (up.1)[far], up.1),
             arrayMap((far, is_covered) -> toUInt8(is_covered OR (up.2)[far]), up.1, up.2)),
           range(toUInt8(ceil(log2(length(node_parents) + 1)))),
           (node_parents, arrayMap(node -> has(standing_nodes, node), arrayEnumerate(node_parents)))).2 AS are_covered
  FROM standing
)
SELECT organization_id, trace_id,
       arrayFilter((id, stands, parent) -> stands AND NOT are_covered[parent], ids, are_standing, parent_nodes) AS charged_span_ids
FROM covered;

-- Every span once, with whether it is charged. The join keeps to the organization, and reads as many traces as the spans that are asked
-- for belong to; their ids and costs it looks for among all spans of the organization, whatever the time range.
CREATE VIEW v_charged_spans {on_cluster} AS
SELECT v_spans.*, if(notEmpty(trees.charged_span_ids), has(trees.charged_span_ids, v_spans.span_id), v_spans.charge = 'leaf') AS is_charged
FROM v_spans
LEFT JOIN v_trace_charges AS trees ON v_spans.organization_id = trees.organization_id AND v_spans.trace_id = trees.trace_id;

-- Replaced in one step, so that no dashboard meets a gap.
CREATE OR REPLACE VIEW v_model_calls {on_cluster} AS
SELECT *
FROM v_charged_spans
WHERE is_charged = 1;
