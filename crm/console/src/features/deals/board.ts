import type { Board } from "@/api/types";

/** The board as it looks once the deal stands in `stageId` before `beforeId` (null: at the end). */
export function moved(board: Board, dealId: string, stageId: string, beforeId: string | null): Board {
  const deal = board.stages.flatMap((column) => column.deals).find((item) => item.id === dealId);
  if (!deal) return board;
  const stages = board.stages.map((column) => {
    const had = column.deals.some((item) => item.id === dealId);
    const deals = column.deals.filter((item) => item.id !== dealId);
    const gets = column.stage.id === stageId;
    if (gets) {
      const place = beforeId ? deals.findIndex((item) => item.id === beforeId) : -1;
      deals.splice(place === -1 ? deals.length : place, 0, { ...deal, stage_id: stageId });
    }
    const change = (gets ? 1 : 0) - (had ? 1 : 0);
    return {
      ...column,
      deals,
      count: column.count + change,
      total_amount: column.total_amount + change * (deal.amount ?? 0),
    };
  });
  return { ...board, stages };
}
